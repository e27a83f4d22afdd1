export {
  type GenerateRequest,
  messageSchema,
  requestSchema,
  resultSchemas,
  type TaskOf,
  type WorkerMessage,
  type WorkerRequest,
  type WorkerResult,
  type WorkerTask,
} from './protocol.js';
