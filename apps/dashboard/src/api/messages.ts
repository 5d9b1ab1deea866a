import { segment } from './http.js';
import { useRead } from './queries.js';
import type { Policy } from './types.js';

export type MessageFate =
  'sent' | 'withheld' | 'not-worth' | 'capped' | 'quiet' | 'later' | 'declined' | 'failed';

/** What became of the moments at which a policy might have sent a message. */
export interface Contacts {
  decisions: number;
  cut: boolean;
  fates: { fate: MessageFate; decisions: number; units: number }[];
  messages: { id: string; title: string | null; sent: number; opened: number; withheld: number }[];
  mostPerUnit: number;
}

export const useContacts = (id: string) =>
  useRead<Contacts>(`/v1/policies/${segment(id)}/contacts?days=30`, { every: 60_000 });

/** Whether a policy decides on messages: it wears the rules about them. */
export const sendsMessages = ({ params }: Policy): boolean =>
  Array.isArray(params['wrappers']) &&
  params['wrappers'].some(
    (worn) => worn !== null && typeof worn === 'object' && 'key' in worn && worn.key === 'contact-rules',
  );
