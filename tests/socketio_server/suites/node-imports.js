// What the suites import under Node.js: the globals that a page in a browser would have.
import chai from 'chai';
import chaiString from 'chai-string';
import fetch from 'node-fetch';
import { WebSocket } from 'ws';

chai.use(chaiString);
Object.assign(globalThis, { chai, fetch, WebSocket });
