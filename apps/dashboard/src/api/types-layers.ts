export interface Layer {
  key: string;
  title: string;
  /** Type of the units by which it deals its parts; null: that of who holds parts of it. */
  unitType?: string | null;
  ranges?: ({ experiment: string; from: number; to: number } & Dealing)[];
}

/** What an experiment hashes to deal its units. */
export interface Dealing {
  unitType: string;
  /** Null: without slots of time. */
  slotMinutes: number | null;
  timeZone: string | null;
}
