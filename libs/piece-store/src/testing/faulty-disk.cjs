// Stands between a program and the disk: writes down what is done to the files of one folder, and fails as it is told. It is loaded before
// the program (`node --require`, or NODE_OPTIONS, which threads hear of too) and takes the place of the calls of node:fs that the store
// makes, in the main thread as in the hasher's. faulty-disk.ts says what the file holds that FAULTY_DISK names.
"use strict";
const fs = require("node:fs");
const { syncBuiltinESMExports } = require("node:module");
const { threadId } = require("node:worker_threads");

const { O_CREAT, O_TRUNC } = fs.constants;
const real = { ...fs };
const realPromises = { ...fs.promises };

/** Paths behind descriptors of this thread. */
const paths = new Map();
/** How often each fault was due. */
const dueTimes = new Map();
const log = { path: "", fd: -1 };
const orders = { version: "", content: undefined };
let isReadingOrders = false;

/** What it is told to do at the moment. */
function readOrders() {
  // To read a file takes calls that are replaced here.
  if (isReadingOrders) return undefined;
  isReadingOrders = true;
  try {
    const stat = real.statSync(process.env.FAULTY_DISK, { throwIfNoEntry: false });
    const version = stat === undefined ? "" : `${stat.ino} ${stat.mtimeMs}`;
    if (version !== orders.version) Object.assign(orders, { version, content: version === "" ? undefined : JSON.parse(real.readFileSync(process.env.FAULTY_DISK, "utf8")) });
    return orders.content;
  } finally {
    isReadingOrders = false;
  }
}

const isIn = (path, folder) => path === folder || (typeof path === "string" && path.startsWith(`${folder}/`));

/** The fault that is due now; undefined if all goes well. */
function faultOf(call, path) {
  const told = readOrders();
  if (told === undefined || !isIn(path, told.folder)) return undefined;
  return told.faults.find((fault) => {
    if (fault.call !== call || !path.includes(fault.path ?? "")) return false;
    const times = dueTimes.get(fault.id) ?? 0;
    dueTimes.set(fault.id, times + 1);
    const skipped = fault.skip ?? 0;
    return times >= skipped && times < skipped + (fault.times ?? Infinity);
  });
}

/** Throws as the system would. */
function check(call, path) {
  const fault = faultOf(call, path);
  if (fault?.code !== undefined) throw Object.assign(new Error(`${fault.code}: faulty disk, ${call} '${path}'`), { code: fault.code, syscall: call, path });
  return fault;
}

/** Writes down what was done. Lines of all threads go to one file, in the order in which things were done. */
function record(path, entry) {
  const told = readOrders();
  if (told === undefined || !isIn(path, told.folder)) return;
  if (log.path !== told.log) {
    if (log.path !== "") real.closeSync(log.fd);
    Object.assign(log, { path: told.log, fd: real.openSync(told.log, "a") });
  }
  real.writeSync(log.fd, `${JSON.stringify(entry)}\n`);
}

const handle = (fd) => `${threadId}:${fd}`;
const bytesOf = (data) => (typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.byteLength)).toString("base64");

function opened(fd, path, flags) {
  paths.set(fd, path);
  const [creates, truncates] = typeof flags === "number" ? [(flags & O_CREAT) !== 0, (flags & O_TRUNC) !== 0] : [flags.startsWith("w"), flags.startsWith("w")];
  record(path, { call: "open", file: handle(fd), path, creates, truncates });
}

/** A call that names its descriptor first. */
const onDescriptor = (call, run, entryOf) => (fd, ...args) => {
  const path = paths.get(fd);
  check(call, path);
  const result = run(fd, ...args);
  record(path, { file: handle(fd), ...entryOf(...args) });
  return result;
};

Object.assign(fs, {
  openSync(path, flags, mode) {
    check("open", path);
    const fd = real.openSync(path, flags, mode);
    opened(fd, path, flags);
    return fd;
  },
  open(path, flags, ...rest) {
    const done = rest.pop();
    try {
      check("open", path);
    } catch (error) {
      process.nextTick(done, error);
      return;
    }
    real.open(path, flags, ...rest, (error, fd) => {
      if (error === null) paths.set(fd, path);
      done(error, fd);
    });
  },
  closeSync(fd) {
    paths.delete(fd);
    real.closeSync(fd);
  },
  close(fd, done) {
    paths.delete(fd);
    real.close(fd, done);
  },
  writeSync(fd, data, offset, length, position) {
    const path = paths.get(fd);
    const fault = check("write", path);
    const written = real.writeSync(fd, data, offset, Math.min(length, fault?.bytes ?? length), position);
    if (path !== undefined) record(path, { call: "write", file: handle(fd), offset: position ?? "end", data: bytesOf(data.subarray(offset, offset + written)) });
    return written;
  },
  readSync(fd, ...args) {
    check("read", paths.get(fd));
    return real.readSync(fd, ...args);
  },
  read(fd, ...args) {
    try {
      check("read", paths.get(fd));
    } catch (error) {
      process.nextTick(args.pop(), error);
      return;
    }
    real.read(fd, ...args);
  },
  ftruncateSync: onDescriptor("truncate", real.ftruncateSync, (bytes = 0) => ({ call: "truncate", bytes })),
  fdatasyncSync: onDescriptor("fdatasync", real.fdatasyncSync, () => ({ call: "fdatasync" })),
  mkdirSync(path, options) {
    check("mkdir", path);
    real.mkdirSync(path, options);
    record(path, { call: "mkdir", path });
  },
  unlinkSync(path) {
    check("unlink", path);
    real.unlinkSync(path);
    record(path, { call: "unlink", path });
  },
});

/** A call on one path. */
const onPath = (call, run) => async (path, ...args) => {
  check(call, path);
  const result = await run(path, ...args);
  record(path, { call, path });
  return result;
};
/** A call that gives a new name. */
const onName = (call, run) => async (from, to) => {
  check(call, to);
  await run(from, to);
  record(to, { call, from, to });
};
let filesWritten = 0;

Object.assign(fs.promises, {
  async open(path, flags, mode) {
    check("open", path);
    const file = await realPromises.open(path, flags, mode);
    const { fd } = file;
    opened(fd, path, flags);
    for (const [method, call] of [["datasync", "fdatasync"], ["sync", "fsync"], ["chmod", "chmod"]]) {
      const run = file[method].bind(file);
      file[method] = async (...args) => {
        check(call, path);
        await run(...args);
        record(path, { call, file: handle(fd), mode: args[0] });
      };
    }
    return file;
  },
  async writeFile(path, data, options) {
    check("open", path);
    check("write", path);
    await realPromises.writeFile(path, data, options);
    const file = `${threadId}:file ${(filesWritten += 1)}`;
    record(path, { call: "open", file, path, creates: true, truncates: true });
    record(path, { call: "write", file, offset: 0, data: bytesOf(data) });
  },
  async readFile(path, options) {
    check("read", path);
    return realPromises.readFile(path, options);
  },
  mkdir: onPath("mkdir", realPromises.mkdir),
  unlink: onPath("unlink", realPromises.unlink),
  rm: onPath("rm", realPromises.rm),
  link: onName("link", realPromises.link),
  rename: onName("rename", realPromises.rename),
});
syncBuiltinESMExports();
