// Starts the chatbot as `make up` does, on free ports and with fresh state, and ends it.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const program = process.env.TODO_BIN ?? join(root, "target/release/todo");
const START_MS = 60_000;

/** A port of this machine that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once("error", failed);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? done(address.port) : failed(new Error("no port"))));
    });
  });
}

/** A running chatbot. */
export class Chatbot {
  private process: ChildProcess | undefined;

  private constructor(
    private readonly state: string,
    private readonly port: number,
    private readonly environment: NodeJS.ProcessEnv,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(): Promise<Chatbot> {
    const state = await mkdtemp(join(tmpdir(), "todo-browser-"));
    const manifest = await readFile(join(root, "spin.toml"), "utf8");
    await writeFile(
      join(state, "spin.toml"),
      manifest
        .replaceAll('source = "target/', `source = "${root}/target/`)
        .replaceAll(/^cron_expression = .*$/gm, 'cron_expression = "* * * * * *"'),
    );
    // The host mounts only what lies beside the manifest.
    await symlink(join(root, "frontend"), join(state, "frontend"));
    const config = await readFile(join(root, "runtime-config.toml"), "utf8");
    await writeFile(join(state, "runtime-config.toml"), config.replaceAll('".spin/', `"${state}/`));
    const chatbot = new Chatbot(state, await freePort(), {
      ...process.env,
      SPIN_VARIABLE_JWT_SECRET: randomBytes(32).toString("hex"),
      SPIN_VARIABLE_GRIP_KEY: randomBytes(32).toString("hex"),
      SPIN_VARIABLE_RATE_LIMIT_PER_MINUTE: "100000",
      SPIN_VARIABLE_RATE_LIMIT_PER_HOUR: "1000000",
    });
    await chatbot.up();
    return chatbot;
  }

  /** Starts it, on the same port and state each time. */
  async up(): Promise<void> {
    const logs = join(import.meta.dirname, "results/logs");
    await mkdir(logs, { recursive: true });
    const log = join(logs, `${this.port}.log`);
    const arguments_ = ["up", "-f", join(this.state, "spin.toml"), "--runtime-config-file", join(this.state, "runtime-config.toml")];
    arguments_.push("--state-dir", this.state, "--listen", `127.0.0.1:${this.port}`, "--dapr-http-port", "0", "--grip-http-port", "0");
    const child = spawn(program, arguments_, { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    const output = createWriteStream(log, { flags: "a" });
    child.stdout.pipe(output);
    child.stderr.pipe(output);
    const end = Date.now() + START_MS;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the chatbot ended with ${child.exitCode}; see ${log}`);
      const ready = await fetch(`${this.url}/readyz`).catch(() => undefined);
      if (ready?.ok) return;
      if (Date.now() > end) throw new Error(`the chatbot is not ready after ${START_MS / 1000} s; see ${log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Ends the process and keeps its state. */
  async down(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((done) => child.once("exit", done));
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    await this.down("SIGKILL");
    await rm(this.state, { recursive: true, force: true });
  }
}
