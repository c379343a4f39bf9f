module.exports = {
  apps: [{ name: "shop", script: "server.cjs", exec_mode: "cluster", instances: 1, listen_timeout: 1000 }],
};
