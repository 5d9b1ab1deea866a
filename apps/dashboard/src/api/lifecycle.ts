import { query, segment } from './http.js';
import { useRead } from './queries.js';
import type { Page, Report } from './types.js';

const pathOf = (key: string, part: string): string => `/v1/experiments/${segment(key)}/${part}`;

export interface LaunchCheck {
  code: string;
  level: 'needed' | 'advised';
  status: 'pass' | 'fail' | 'unknown';
  text: string;
}

/** Answer of `GET /v1/experiments/:key/approval`. */
export interface Approval {
  required: boolean;
  state: 'none' | 'asked' | 'approved' | 'rejected' | 'outdated';
  request: {
    askedBy: string;
    askedAt: string;
    comment: string;
    decision: 'approve' | 'reject' | null;
    decidedBy: string | null;
    decidedAt: string | null;
    answer: string;
  } | null;
}

export interface Note {
  id: string;
  kind: 'comment' | 'decision';
  text: string;
  author: string;
  at: string;
}

/** The report as it stood at the end. */
export interface EvidenceSnapshot {
  status: 'stopped' | 'shipped';
  takenAt: string;
  reason: string | null;
  sha256: string;
  report: Report;
}

export interface Booking {
  key: string;
  title: string;
  status: string;
  owner: string;
  surface: string;
  unitType: string;
  /** What it is decided by. */
  metric: string | null;
  layers: { layer: string; range: [number, number] }[];
  from: string;
  to: string;
  endIsGuess: boolean;
}

export type ClashReason = 'same-units' | 'layer-full' | 'layer-unit' | 'same-metric';

/** Two experiments that are in each other's way. */
export interface Clash {
  reason: ClashReason;
  surface: string;
  experiments: [string, string];
  from: string;
  to: string;
  text: string;
}

/** Which experiments run when; answer of `GET /v1/calendar`. */
export interface Calendar {
  from: string;
  to: string;
  items: Booking[];
  clashes: Clash[];
}

export const approvalPath = (key: string): string => pathOf(key, 'approval');
export const notesPath = (key: string): string => pathOf(key, 'notes');
export const useChecklist = (key: string) =>
  useRead<{ ready: boolean; items: LaunchCheck[] }>(pathOf(key, 'checklist'));
export const useApproval = (key: string) => useRead<Approval>(approvalPath(key));
export const useNotes = (key: string) => useRead<Page<Note>>(notesPath(key));
export const useEvidence = (key: string) => useRead<Page<EvidenceSnapshot>>(pathOf(key, 'evidence'));
export const useCalendar = (asked: { from: string; to: string; drafts: boolean }) =>
  useRead<Calendar>(`/v1/calendar${query({ ...asked, drafts: asked.drafts ? true : null })}`, { keep: true });
export const useApprovalSetting = () => useRead<{ required: boolean }>('/v1/settings/approval');
