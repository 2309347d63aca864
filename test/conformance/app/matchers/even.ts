export default function even(value: string): boolean {
  return /^\d{1,9}$/.test(value) && Number(value) % 2 === 0;
}
