/** Build what is out of date. @throws Error when the compiler reports one */
export function build(): void;
