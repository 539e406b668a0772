"""What is claimed: by a run, before it is made (``headline``), and by the talk (``talk``).

A run's claims decide what is planned and how it is judged, so they are all that is loaded
with this package. The talk's are judged afterwards, from numbers.json.
"""

from bench.claims.headline import MOST, Claim, claims_of, read_claims, rests_on

__all__ = ["MOST", "Claim", "claims_of", "read_claims", "rests_on"]
