/** What the host bridge sends to the cards and not to memory, as on a machine of this kind. */
export const PCI_WINDOWS: readonly { first: number; last: number }[] = [
  { first: 0xc000_0000, last: 0xfebf_ffff },
]
