import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { PlainConnection } from './plain-connection.js';
import type { PlainHandler, PlainHost } from './plain-connection.js';
import type { PlainHeads } from './plain-head.js';

/**
 * Stands before a server's own reading of its connections, and answers those that carry plain requests only. The server's
 * limits of time hold for them too, as they are set when this is made.
 */
export class PlainConnections implements PlainHost {
  closing = false;
  readonly firstMs: number;
  readonly keepAliveMs: number;
  readonly bodyMs: number;
  private readonly open = new Set<PlainConnection>();
  private readonly listeners: readonly ((socket: Socket) => void)[];

  constructor(
    private readonly server: Server,
    readonly heads: PlainHeads,
    readonly answer: PlainHandler,
  ) {
    this.firstMs = server.timeout;
    this.keepAliveMs = server.keepAliveTimeout;
    this.bodyMs = server.requestTimeout;
    this.listeners = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      if (this.closing) this.passOn(socket);
      else this.open.add(new PlainConnection(socket, this));
    });
  }

  passOn(socket: Socket): void {
    for (const listener of this.listeners) listener.call(this.server, socket);
  }

  gone(connection: PlainConnection): void {
    this.open.delete(connection);
  }

  /** Ends what is idle, and everything else behind the answer that is under way; a server closes when all have ended. */
  finish(): void {
    this.closing = true;
    for (const connection of this.open) connection.finish();
  }
}
