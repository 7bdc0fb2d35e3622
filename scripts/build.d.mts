/** Build what is out of date. @throws Error when a compiler reports one */
export function build(options?: { tolerateTypeErrors?: boolean }): void;
