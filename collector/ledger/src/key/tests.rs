//! Text forms, what is refused, and that no secret is ever shown.

use super::*;
use crate::origin::Origin;
use crate::tenant::Tenant;

fn signing() -> SigningKey {
    SigningKey::from_seed(KeyName::parse("ledgerline/acme").unwrap(), [1; 32])
}

/// The pair of `golang.org/x/mod/sumdb/note`'s own tests: another implementation wrote both lines.
const GO_SIGNER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

#[test]
fn keys_written_by_another_implementation_are_read() {
    let key = SigningKey::from_text(GO_SIGNER).unwrap();
    assert_eq!(key.verifier().to_text(), GO_VERIFIER);
    assert_eq!(VerifierKey::from_text(GO_VERIFIER).as_ref(), Ok(key.verifier()));
    assert_eq!(key.to_text().expose(), GO_SIGNER);
}

#[test]
fn every_text_form_is_read_back() {
    let text = signing().to_text();
    assert_eq!(SigningKey::from_text(text.expose()).unwrap().verifier(), signing().verifier());
    let intake = IntakeKey::from_random(7, [2; 32]);
    let read = IntakeKey::from_text(intake.to_text().expose()).unwrap();
    assert_eq!((read.id(), read.expose()), (7, &[2; 32]));
    assert_eq!(read.leaf_id().to_string(), "00000007");
    let identity = IdentityKey::from_random(Tenant::partition(3), [3; 32]);
    let read = IdentityKey::from_text(identity.to_text().expose()).unwrap();
    assert_eq!((read.tenant(), read.expose()), (&Tenant::partition(3), &[3; 32]));
    for text in [text, intake.to_text(), identity.to_text()] {
        let with_line_end = format!("{}\n", text.expose());
        assert!(
            SigningKey::from_text(&with_line_end).is_ok()
                || IntakeKey::from_text(&with_line_end).is_ok()
                || IdentityKey::from_text(&with_line_end).is_ok()
        );
    }
}

#[test]
fn text_forms_are_pinned() {
    let intake = IntakeKey::from_random(7, [2; 32]).to_text();
    let identity = IdentityKey::from_random(Tenant::parse("acme").unwrap(), [3; 32]).to_text();
    assert_eq!(intake.expose(), "LEDGERLINE+INTAKE+KEY+7+17761599+AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=");
    assert_eq!(identity.expose(), "LEDGERLINE+IDENTITY+KEY+acme+9d9e2047+AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=");
}

#[test]
fn a_damaged_secret_is_refused() {
    let refuse = |what: &str, text: &str, fault: Option<KeyFault>| {
        let found =
            [SigningKey::from_text(text).err(), IntakeKey::from_text(text).err(), IdentityKey::from_text(text).err()];
        assert!(found.iter().all(Option::is_some), "{what}: {text}");
        assert!(fault.is_none_or(|fault| found.contains(&Some(fault))), "{what}: {found:?}");
    };
    let signing = signing().to_text();
    let intake = IntakeKey::from_random(7, [2; 32]).to_text();
    let identity = IdentityKey::from_random(Tenant::parse("acme").unwrap(), [3; 32]).to_text();
    refuse("nothing", "", Some(KeyFault::Malformed));
    for text in [signing.expose(), intake.expose(), identity.expose()] {
        for at in 0..text.len() {
            refuse("a character left out", &format!("{}{}", &text[..at], &text[at + 1..]), None);
        }
        refuse("two line ends", &format!("{text}\n\n"), None);
        refuse("a space in front", &format!(" {text}"), None);
        refuse("windows line end", &format!("{text}\r\n"), None);
        refuse("twice", &format!("{text}{text}"), None);
    }
    let change = |text: &str, from: &str, to: &str, fault| {
        assert!(text.contains(from), "{from}");
        refuse(to, &text.replacen(from, to, 1), Some(fault));
    };
    change(intake.expose(), "KEY+7+", "KEY+8+", KeyFault::Id);
    change(intake.expose(), "KEY+7+", "KEY+07+", KeyFault::Id);
    change(intake.expose(), "AgIC", "AwIC", KeyFault::Id);
    change(intake.expose(), "AgI=", "AgJ=", KeyFault::Malformed);
    change(intake.expose(), "AgI=", "AgI", KeyFault::Malformed);
    change(intake.expose(), "INTAKE", "IDENTITY", KeyFault::Malformed);
    change(identity.expose(), "+acme+", "+acne+", KeyFault::Id);
    change(identity.expose(), "IDENTITY", "INTAKE", KeyFault::Id);
    change(signing.expose(), "ledgerline/acme", "ledgerline/acne", KeyFault::Id);
    change(signing.expose(), "+AQEB", "+AgEB", KeyFault::Algorithm);
    change(signing.expose(), "+AQEB", "+AQIB", KeyFault::Id);
    change(signing.expose(), "PRIVATE", "PUBLIC", KeyFault::Malformed);
}

#[test]
fn a_damaged_verifier_key_is_refused() {
    let good = GO_VERIFIER;
    assert!(VerifierKey::from_text(good).is_ok());
    let check = |what: &str, text: &str, fault: KeyFault| {
        assert_eq!(VerifierKey::from_text(text), Err(fault), "{what}");
    };
    let data = good.rsplit('+').next().unwrap();
    check("nothing", "", KeyFault::Malformed);
    check("no name", &good.replacen("PeterNeumann", "", 1), KeyFault::Name(KeyNameFault));
    check("a name with a space", &good.replacen("Peter", "Peter ", 1), KeyFault::Name(KeyNameFault));
    check("a name with a narrow space", &good.replacen("Peter", "Peter\u{202f}", 1), KeyFault::Name(KeyNameFault));
    check("a name with a control character", &good.replacen("Peter", "Peter\u{7f}", 1), KeyFault::Name(KeyNameFault));
    check("another name", &good.replacen("Peter", "Petra", 1), KeyFault::Id);
    check("another id", &good.replacen("c74f20a3", "c74f20a4", 1), KeyFault::Id);
    check("an id in upper case", &good.replacen("c74f20a3", "C74F20A3", 1), KeyFault::Malformed);
    check("a short id", &good.replacen("c74f20a3", "c74f20a", 1), KeyFault::Malformed);
    check("another algorithm", &good.replacen("+ARpc", "+BBpc", 1), KeyFault::Algorithm);
    check("no key", &good.replacen(data, "AQ==", 1), KeyFault::Malformed);
    check("no data", &good.replacen(data, "", 1), KeyFault::Malformed);
    check("a short key", &good.replacen(data, &data[..40], 1), KeyFault::Malformed);
    check("a line end", &format!("{good}\n"), KeyFault::Malformed);
    check("padding", &format!("{good}="), KeyFault::Malformed);
    check("a space in the data", &good.replacen("ARpc", "ARpc ", 1), KeyFault::Malformed);
}

/// Encodings of the eight points of small order, and spellings of a y that is not below the prime: for the first any
/// message has a valid signature, the second are two names for one key.
#[test]
fn weak_and_non_canonical_points_are_refused() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        // y = p + 3 and p + 4, p + 5, …: those that are points at all are of large order, spelled a second way.
        "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let mut large_order = 0;
    for point in points {
        let bytes: [u8; 32] = hex::decode(point).unwrap().try_into().unwrap();
        let refused = VerifierKey::from_ed25519(KeyName::parse("k").unwrap(), &bytes).map(drop);
        assert!(matches!(refused, Err(KeyFault::Weak | KeyFault::Malformed)), "{point}");
        let lenient = ed25519_dalek::VerifyingKey::from_bytes(&bytes);
        large_order += u32::from(lenient.is_ok_and(|key| !key.is_weak()));
    }
    assert!(large_order > 0, "the list has a point that only its spelling gives away");
}

#[test]
fn a_signature_holds_for_its_message_and_key_alone() {
    let (key, message) = (signing(), b"a message".as_slice());
    let signature = key.sign(message).unwrap();
    let verifier = key.verifier();
    assert_eq!(verifier.verify(message, &signature), Ok(()));
    let check = |what: &str, message: &[u8], signature: &[u8]| {
        assert_eq!(verifier.verify(message, signature), Err(SignatureFault), "{what}");
    };
    check("another message", b"a massage", &signature);
    check("no message", b"", &signature);
    check("a byte short", message, &signature[..63]);
    check("a byte long", message, &[&signature[..], &[0]].concat());
    check("nothing", message, b"");
    check("zeros", message, &[0; 64]);
    for bit in 0..512 {
        let mut flipped = signature;
        flipped[bit / 8] ^= 1 << (bit % 8);
        check("a flipped bit", message, &flipped);
    }
    check("S plus the group order", message, &malleated(&signature));
    let other = SigningKey::from_seed(KeyName::parse("ledgerline/acme").unwrap(), [2; 32]);
    check("another key's", message, &other.sign(message).unwrap());
}

/// The same signature with S + L in place of S: equal for a verifier that does not check the range of S.
fn malleated(signature: &[u8; 64]) -> [u8; 64] {
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let (mut twin, mut carry) = (*signature, 0_u16);
    for at in 0..32 {
        let sum = u16::from(signature[32 + at]) + u16::from(order[at]) + carry;
        twin[32 + at] = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    assert_eq!(carry, 0, "S + L fits into 32 bytes");
    twin
}

/// A point of small order as R and S = 0 is a signature over every message for a key of small order; a verifier that
/// takes such a key never gets this far.
#[test]
fn the_identity_as_a_signature_is_refused() {
    let mut signature = [0; 64];
    signature[0] = 1;
    assert_eq!(signing().verifier().verify(b"anything", &signature), Err(SignatureFault));
}

#[test]
fn a_root_key_can_not_pass_for_a_checkpoint_key() {
    let origin = Origin::parse("ledgerline/acme").unwrap();
    let root = KeyName::of_root(&origin);
    assert_eq!(root.as_str(), "ledgerline/acme#root");
    assert!(Origin::parse(root.as_str()).is_err());
    assert!(KeyName::parse(root.as_str()).is_ok());
}

#[test]
fn nothing_secret_is_shown() {
    let identity = IdentityKey::from_random(Tenant::parse("acme").unwrap(), [0x61; 32]);
    let shown = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        SigningKey::from_seed(KeyName::parse("k").unwrap(), [0x61; 32]),
        IntakeKey::from_random(7, [0x61; 32]),
        identity,
        identity.to_text(),
        SigningKey::from_text("PRIVATE+KEY+secret").map(drop),
    );
    for secret in ["aaaa", "6161", "97, 97", "YWFh", "secret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(shown, "SigningKey(k, ..) IntakeKey(id 7, ..) IdentityKey(acme, ..) SecretText(..) Err(Malformed)");
}

#[test]
fn pseudonyms_are_keyed_and_kept_apart() {
    let key = |seed| IdentityKey::from_random(Tenant::parse("acme").unwrap(), [seed; 32]);
    assert_eq!(key(1).pseudonym("jo"), key(1).pseudonym("jo"));
    assert_ne!(key(1).pseudonym("jo"), key(2).pseudonym("jo"));
    assert_ne!(key(1).pseudonym("jo"), key(1).pseudonym("jo "));
}
