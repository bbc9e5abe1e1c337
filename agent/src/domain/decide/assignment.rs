//! Sixth question: who belongs to a campaign's control group, and which variant the others see.
//!
//! A draw depends on customer, campaign and salt alone: every device, and every visit, draws alike, and the draws of two campaigns are
//! independent of each other, as are control group and variant of one.

use touchpoint_protocol::{
    campaign::Campaign, customer::CustomerId, digest::Digest, name::CampaignId, variant::Variant,
};

/// What a draw is for; separates its hash from every other use of SHA-256.
#[derive(Debug, Clone, Copy)]
enum Draw {
    Holdout,
    Variant,
}

/// Whether this customer never sees this campaign, so that its effect can be measured.
pub(super) fn is_held_out(salt: &str, campaign: &Campaign, customer: CustomerId) -> bool {
    let share = u64::from(campaign.holdout_per_mille);
    share > 0 && draw(Draw::Holdout, salt, &campaign.id, customer.into(), 1_000) < share
}

/// The variant that is seen of this campaign by this customer; a stranger's is drawn by the moment, `or`.
pub(super) fn variant<'a>(
    salt: &str,
    campaign: &'a Campaign,
    customer: Option<CustomerId>,
    or: i64,
) -> Option<&'a Variant> {
    let (first, others) = campaign.variants.split_first()?;
    if others.is_empty() {
        return Some(first);
    }
    let total = campaign.variants.iter().map(|variant| u64::from(variant.weight)).sum();
    let mut place = draw(Draw::Variant, salt, &campaign.id, customer.map_or(or, i64::from), total);
    for variant in &campaign.variants {
        match place.checked_sub(u64::from(variant.weight)) {
            None => return Some(variant),
            Some(rest) => place = rest,
        }
    }
    Some(first)
}

/// A place among so many, at least 1: 0 to one less, evenly.
fn draw(draw: Draw, salt: &str, campaign: &CampaignId, customer: i64, among: u64) -> u64 {
    let what = match draw {
        Draw::Holdout => "holdout",
        Draw::Variant => "variant",
    };
    let digest = Digest::of(format!("touchpoint/{what}/v1/{salt}/{campaign}/{customer}").as_bytes());
    let first: [u8; 8] = std::array::from_fn(|at| digest.as_bytes()[at]);
    // 2^64 is not a multiple of most numbers; an unevenness below 10^-15 is far less than any campaign can measure.
    u64::from_be_bytes(first) % among.max(1)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_never_changes() {
        // Frozen: a change would move customers between treatment and control in the middle of a test.
        let campaign = "savings".parse().unwrap();
        let holdout = [1, 2, 3, 4].map(|n| draw(Draw::Holdout, "2026", &campaign, n, 1_000));
        let variant = [1, 2, 3, 4].map(|n| draw(Draw::Variant, "2026", &campaign, n, 1_000));
        assert_eq!((holdout, variant), ([265, 269, 507, 782], [196, 457, 894, 528]));
    }
}
