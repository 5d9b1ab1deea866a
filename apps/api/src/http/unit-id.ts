/** International number, or the North American grouping; long plain digits are ordinary ids. */
const PHONE = /^(?:\+|00)\d[\d\s().-]{6,18}$|^\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}$/;
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** Whether an id looks like an e-mail address or a phone number: those must never be stored. */
export function looksPersonal(unitId: string): boolean {
  if (unitId.includes('@')) return EMAIL.test(unitId);
  const first = unitId.charCodeAt(0);
  // '+', '(' or a digit; most ids begin with a letter and are done here.
  if (first !== 43 && first !== 40 && (first < 48 || first > 57)) return false;
  return PHONE.test(unitId);
}
