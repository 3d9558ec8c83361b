"""Who is who: the policy, the pure resolver and the pure assignment of customer ids. No I/O in this folder."""
