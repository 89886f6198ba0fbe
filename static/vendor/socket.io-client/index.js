/** The published browser bundle sets a global; here it is a module with the names of the npm package. */
import './socket.io.min.js';

export const { io, Manager, Socket } = globalThis.io;
