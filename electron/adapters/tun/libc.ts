import { constants } from "node:os";
import koffi from "koffi";

/** A C call's outcome: what it returned, or the errno it failed with. */
export type CallResult = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly errno: number };

export const ERRNO = constants.errno;

/** uv_poll on a descriptor: calls back on Node's own loop, with no thread. Keep it: a handle nobody holds is collected. */
export interface PollHandle {
  close(): void;
}

interface Libc {
  ioctl(fd: number, request: number, argument: Uint8Array): CallResult;
  /** For the few requests whose argument is a number itself, not a pointer to one. */
  ioctlNumber(fd: number, request: number, argument: number): CallResult;
  socket(family: number, type: number): CallResult;
  getsockname(fd: number, address: Uint8Array, length: Uint32Array): CallResult;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint32Array): CallResult;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): CallResult;
  /** Bytes read, or minus the errno: no object, because it is called per packet. */
  read(fd: number, into: Uint8Array): number;
  /** Writes the first `count` bytes, all of them unless told. Bytes written, or minus the errno. */
  write(fd: number, bytes: Uint8Array, count?: number): number;
  pollReadable(fd: number, onReadable: () => void): PollHandle;
}

let loaded: Libc | undefined;

/** The C library that Node itself runs on (glibc or musl), looked up once. @throws where koffi has no binary. */
export function libc(): Libc {
  loaded ??= load();
  return loaded;
}

function load(): Libc {
  const library = koffi.load(null);
  const ioctl = library.func("int ioctl(int fd, unsigned long request, void *argument)");
  const ioctlNumber = library.func("ioctl", "int", ["int", "unsigned long", "unsigned long"]);
  const socket = library.func("int socket(int family, int type, int protocol)");
  const getsockname = library.func("int getsockname(int fd, void *address, void *length)");
  const getsockopt = library.func("int getsockopt(int fd, int level, int name, void *value, void *length)");
  const setsockopt = library.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t length)");
  const read = library.func("intptr_t read(int fd, void *into, size_t size)");
  const write = library.func("intptr_t write(int fd, const void *bytes, size_t size)");
  const result = (value: number): CallResult => (value < 0 ? { ok: false, errno: koffi.errno() } : { ok: true, value });
  return {
    ioctl: (fd, request, argument) => result(ioctl(fd, request, argument)),
    ioctlNumber: (fd, request, argument) => result(ioctlNumber(fd, request, argument)),
    socket: (family, type) => result(socket(family, type, 0)),
    getsockname: (fd, address, length) => result(getsockname(fd, address, length)),
    getsockopt: (fd, level, name, value, length) => result(getsockopt(fd, level, name, value, length)),
    setsockopt: (fd, level, name, value, length) => result(setsockopt(fd, level, name, value, length)),
    read: (fd, into) => {
      const bytes: number = read(fd, into, into.length);
      return bytes < 0 ? -koffi.errno() : bytes;
    },
    write: (fd, bytes, count = bytes.length) => {
      const written: number = write(fd, bytes, count);
      return written < 0 ? -koffi.errno() : written;
    },
    pollReadable: (fd, onReadable) => koffi.node.poll(fd, { readable: true }, onReadable),
  };
}

/** "EPERM" and the like, for messages. */
export function errnoName(errno: number): string {
  return Object.entries(ERRNO).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
}
