// PM2: `pm2 startOrReload ecosystem.config.js --update-env`
module.exports = {
  apps: [
    {
      name: "shop",
      script: "node_modules/next/dist/bin/next",
      args: "start --port 3000",
      exec_mode: "cluster",
      instances: 2,
      max_memory_restart: "512M",
      // PM2 calls a process "online" as soon as it was spawned. A process that does not live this
      // long counts as unstable, and after max_restarts of those PM2 gives up instead of looping.
      min_uptime: "10s",
      max_restarts: 5,
      kill_timeout: 5000,
      env: {
        NODE_ENV: "production",
      },
    },
  ],
};
