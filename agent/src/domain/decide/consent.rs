//! Second question: may this customer be spoken to about it? Asked before anything is read of them that marketing would use.

use super::verdict::Loss;
use crate::domain::{
    contact::{Contact, ContactKind},
    customer::Customer,
};
use touchpoint_protocol::{
    campaign::{AnswerKind, Audience, Campaign},
    consent::Status,
    utc::Utc,
};

/// When the customer last objected at a screen, if ever.
pub(super) fn objection(contacts: &[Contact]) -> Option<Utc> {
    let objections = contacts.iter().filter(|contact| contact.what == ContactKind::Answered(AnswerKind::OptOut));
    objections.map(|contact| contact.at).max()
}

/// Why a campaign is not for this customer, or must not be, if so. An objection at a screen counts at once and beats whatever head
/// office says of the customer, unless that was said later.
pub(super) fn check<'a>(
    campaign: &'a Campaign,
    customer: Option<&Customer>,
    objection: Option<Utc>,
) -> Result<(), Loss<'a>> {
    let (segments, except, customer) = match (&campaign.audience, customer) {
        (Audience::Strangers, None) => return Ok(()),
        (Audience::Strangers, Some(_)) => return Err(Loss::ForStrangers),
        (Audience::Customers { .. }, None) => return Err(Loss::ForCustomers),
        (Audience::Customers { segments, except }, Some(customer)) => (segments, except, customer),
    };
    if campaign.kind.is_marketing() {
        let purpose = campaign.purpose.as_ref();
        let consent = customer.consent(purpose);
        let status = consent.map_or(Status::Unknown, |consent| consent.at_screen());
        let said = consent.and_then(|consent| consent.at);
        if let Some(objected) = objection.filter(|at| status != Status::Given || said.is_none_or(|said| said <= *at)) {
            return Err(Loss::OptedOut { at: objected });
        }
        match status {
            Status::Given => {}
            Status::Refused => return Err(Loss::Refused(purpose)),
            Status::Unknown => return Err(Loss::NoConsent(purpose)),
        }
    }
    let belongs = |segment| customer.profile.segments.contains(segment);
    if !segments.is_empty() && !segments.iter().any(belongs) {
        return Err(Loss::OutsideSegments(segments));
    }
    match except.iter().find(|segment| belongs(segment)) {
        Some(segment) => Err(Loss::Excluded(segment)),
        None => Ok(()),
    }
}
