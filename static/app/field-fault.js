/** An invalid value of a field. The message says why. */
export class FieldFault extends Error {}
