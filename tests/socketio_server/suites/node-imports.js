// The suites import this under Node.js: it defines the globals that a browser page would have.
import chai from 'chai';
import chaiString from 'chai-string';
import fetch from 'node-fetch';
import { WebSocket } from 'ws';

chai.use(chaiString);
Object.assign(globalThis, { chai, fetch, WebSocket });
