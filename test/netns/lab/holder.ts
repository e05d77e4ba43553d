import { createLab } from "./lab.ts";

/** Holds a lab with a program in it until it is ended: what the lab's own test ends in every way there is. */
const lab = createLab({ hosts: 1 });
const sleeper = lab.host(1).spawn("sleep", ["600"]);
console.log(JSON.stringify({ event: "ready", namespace: lab.host(1).namespace, sleeper: sleeper.pid }));
if (process.argv[2] === "throw") throw new Error("as a defect would");
