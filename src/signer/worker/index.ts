export {
  type GenerateRequest,
  messageSchema,
  resultSchemas,
  type TaskOf,
  type WorkerMessage,
  type WorkerRequest,
  type WorkerResult,
  type WorkerTask,
} from './protocol.js';
export { PAYLOAD_FD, writePayloads } from './payload-pipe.js';
