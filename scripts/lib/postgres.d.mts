export interface EmbeddedPostgres {
  url: string;
  port: number;
  pid: number;
  reused: boolean;
  stop(): Promise<void>;
}
export function startPostgres(options: {
  stateDir: string;
  database?: string;
  durable?: boolean;
}): Promise<EmbeddedPostgres>;
export function stopPostgres(stateDir: string): Promise<boolean>;
export function removePostgres(stateDir: string): void;
export function freePort(): Promise<number>;
