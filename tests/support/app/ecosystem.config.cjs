module.exports = {
  apps: [{ name: "shop", script: "server.cjs", exec_mode: "cluster", instances: 1 }],
};
