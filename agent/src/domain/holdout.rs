//! Who belongs to a campaign's control group.
//!
//! The assignment depends on customer and campaign alone: every device, and every visit, assigns alike, and the control groups
//! of two campaigns are independent of each other.

use touchpoint_protocol::{campaign::Campaign, customer::CustomerId, digest::Digest, name::CampaignId};

/// What separates this hash from every other use of SHA-256.
const DOMAIN: &str = "touchpoint/holdout/v1";

/// Whether this customer never sees this campaign, so that its effect can be measured.
pub fn is_held_out(customer: CustomerId, campaign: &Campaign) -> bool {
    campaign.holdout_percent > 0 && percentile(customer, &campaign.id) < u64::from(campaign.holdout_percent)
}

/// A customer's place among a hundred, for one campaign: 0 to 99, evenly.
fn percentile(customer: CustomerId, campaign: &CampaignId) -> u64 {
    let digest = Digest::of(format!("{DOMAIN}/{campaign}/{}", i64::from(customer)).as_bytes());
    let first: [u8; 8] = std::array::from_fn(|at| digest.as_bytes()[at]);
    // 2^64 is not a multiple of 100; the unevenness of 10^-17 is far below anything a campaign can measure.
    u64::from_be_bytes(first) % 100
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn customer(number: i64) -> CustomerId {
        number.try_into().unwrap()
    }

    #[test]
    fn an_assignment_never_changes() {
        // Frozen: a change would move customers between treatment and control in the middle of a test.
        let campaign = "savings".parse().unwrap();
        assert_eq!([1, 2, 3, 4].map(|n| percentile(customer(n), &campaign)), [36, 22, 8, 95]);
    }

    #[test]
    fn a_tenth_is_a_tenth() {
        let campaign = "savings".parse().unwrap();
        let held_out = (0..100_000).filter(|&n| percentile(customer(n), &campaign) < 10).count();
        // Binomial with n = 100,000 and p = 0.1: five standard deviations are 474.
        assert!((9_526..=10_474).contains(&held_out), "{held_out} of 100,000");
    }
}
