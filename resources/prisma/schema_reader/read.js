// stdin: {"modules": folder, "files": [[name, text], …]}. stdout: {"dmmf": …, "config": …} or {"error": text}.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const asked = JSON.parse(readFileSync(0, "utf8"));
const prisma = createRequire(`${asked.modules}/`)("@prisma/prisma-schema-wasm");
const parameters = JSON.stringify({ prismaSchema: asked.files, noColor: true });

function answer() {
  try {
    return {
      config: JSON.parse(prisma.get_config(parameters)),
      dmmf: JSON.parse(prisma.get_dmmf(parameters)).datamodel,
    };
  } catch (error) {
    return { error: said(String(error.message || error)) };
  }
}

function said(text) {
  try {
    return JSON.parse(text).message;
  } catch {
    return text;
  }
}

process.stdout.write(JSON.stringify(answer()));
