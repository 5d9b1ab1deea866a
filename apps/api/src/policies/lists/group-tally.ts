import type { GroupSums } from '#metrics';

interface Sums {
  exposure: number;
  readonly byMember: Map<string, { shown: number; reward: number }>;
}

/** What groups were shown and what they earned, member by member. */
export class GroupTally {
  /** Everything shown, whatever its groups. */
  total = 0;
  private readonly groups = new Map<string, Sums>();

  /** One more thing shown that belongs to these groups. */
  show(groups: readonly string[]): void {
    this.total++;
    for (const group of groups) this.of(group).exposure++;
  }

  /** The settled reward of one thing shown to a member. */
  earn(group: string, member: string, reward: number): void {
    const { byMember } = this.of(group);
    const sums = byMember.get(member);
    if (sums) {
      sums.shown++;
      sums.reward += reward;
    } else byMember.set(member, { shown: 1, reward });
  }

  sums(): GroupSums[] {
    return [...this.groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, { byMember, exposure }]) => ({
        group,
        exposure,
        shown: Float64Array.from(byMember.values(), ({ shown }) => shown),
        reward: Float64Array.from(byMember.values(), ({ reward }) => reward),
      }));
  }

  private of(group: string): Sums {
    let sums = this.groups.get(group);
    if (!sums) this.groups.set(group, (sums = { exposure: 0, byMember: new Map() }));
    return sums;
  }
}
