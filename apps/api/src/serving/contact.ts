import type { Json } from '#experiments';
import type { CompiledPolicy, Contact, DecisionRequest } from '#policies';

export interface ServedContact extends Contact {
  /**
   * The moment counts as a message for the rules, whether it is sent or withheld: the caller adds it to the attribute that
   * lists them. Were a withheld one forgotten, the unit could be sent the next within the window in which it stands for
   * having been sent none, and the caps would hold the two groups to different rules.
   */
  readonly counts: boolean;
}

/** What the policy's rules about contacts say; undefined where it has none. @param chosen what was chosen, withheld or not. */
export function contactIn(
  policy: CompiledPolicy,
  request: DecisionRequest,
  chosen: Json,
): ServedContact | undefined {
  const contact = policy.contact?.(request);
  return contact && { status: contact.status, nextAt: contact.nextAt, counts: chosen !== policy.silent };
}
