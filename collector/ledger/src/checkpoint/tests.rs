//! The body's one spelling, and whose signature makes a checkpoint.

use super::*;
use crate::key::SigningKey;
use crate::tree::EMPTY_ROOT;

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: Origin::parse("ledgerline/acme").unwrap(), size: 42, root: EMPTY_ROOT }
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(KeyName::parse(name).unwrap(), [seed; 32])
}

const BODY: &str = "ledgerline/acme\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

#[test]
fn the_body_is_pinned() {
    assert_eq!(checkpoint().body(), BODY);
    assert_eq!(Checkpoint::from_body(BODY), Ok(checkpoint()));
}

#[test]
fn the_signed_form_is_pinned() {
    let note = checkpoint().sign(&[&key("ledgerline/acme", 1)]).unwrap();
    let pinned = concat!(
        "ledgerline/acme\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
        "— ledgerline/acme 2gzo48l/1xiMANEcz4ZgRV2D7OCRJNTXZu8FwXzWQTxsLats7dF4ToYTEdA7PHMaHpCpuQyuMr5Rq5DjmHUzVUuZtg0=\n",
    );
    assert_eq!(String::from_utf8(note.to_bytes()).unwrap(), pinned);
}

#[test]
fn other_spellings_are_refused() {
    let check = |what: &str, from: &str, to: &str| {
        assert!(BODY.contains(from), "{what}");
        let body = BODY.replacen(from, to, 1);
        assert_eq!(Checkpoint::from_body(&body), Err(CheckpointFault::Malformed), "{what}");
    };
    check("an extension line", "uFU=\n", "uFU=\nextension\n");
    check("an empty line after", "uFU=\n", "uFU=\n\n");
    check("no last line end", "uFU=\n", "uFU=");
    check("a leading zero", "\n42\n", "\n042\n");
    check("a plus", "\n42\n", "\n+42\n");
    check("a minus", "\n42\n", "\n-42\n");
    check("a space", "\n42\n", "\n42 \n");
    check("no size", "\n42\n", "\n\n");
    check("hex", "\n42\n", "\n0x2a\n");
    check("a size beyond any tree", "\n42\n", "\n4611686018427387905\n");
    check("a size beyond 64 bits", "\n42\n", "\n18446744073709551616\n");
    check("a short root", "47DE", "");
    check("a long root", "47DE", "47DE47DE");
    check("a root without padding", "=\n", "\n");
    check("trailing bits that are not zero", "uFU=", "uFV=");
    check("another alphabet", "a+/T", "a-_T");
    check("no origin", "ledgerline/acme", "");
    check("an origin without a tenant", "ledgerline/acme", "ledgerline");
    check("an origin with a scheme", "ledgerline/acme", "https://ledgerline/acme");
    check("a line missing", "42\n", "");
    check("carriage returns", "\n42\n", "\r\n42\r\n");
    assert_eq!(Checkpoint::from_body(""), Err(CheckpointFault::Malformed));
    assert!(Checkpoint::from_body(&BODY.replacen("\n42\n", "\n4611686018427387904\n", 1)).is_ok());
    assert!(Checkpoint::from_body(&BODY.replacen("\n42\n", "\n0\n", 1)).is_ok());
}

#[test]
fn whose_signature_makes_a_checkpoint() {
    let (old, new) = (key("ledgerline/acme", 1), key("ledgerline/acme", 2));
    let (root, witness) = (key("ledgerline/acme#root", 3), key("witness.example", 4));
    let other = key("ledgerline/other", 5);
    let known = [&old, &new, &root, &witness, &other].map(|key| key.verifier().clone());
    let verify = |signers: &[&dyn Signer], known: &[VerifierKey]| {
        let note = checkpoint().sign(signers).unwrap().to_bytes();
        Checkpoint::verify(&note, known).map(|verified| {
            assert_eq!((verified.checkpoint, verified.note.to_bytes()), (checkpoint(), note));
            verified.signed_by.len()
        })
    };
    let not_ours = Err(CheckpointFault::NotOurs(checkpoint().origin));
    assert_eq!(verify(&[&old], &known), Ok(1));
    assert_eq!(verify(&[&old, &new], &known), Ok(2), "both sign during a rotation");
    assert_eq!(verify(&[&old, &new], &known[1..]), Ok(1), "who knows the new key alone is served too");
    assert_eq!(verify(&[&old, &witness], &known), Ok(2));
    assert_eq!(verify(&[&witness], &known), not_ours);
    assert_eq!(verify(&[&root], &known), not_ours);
    assert_eq!(verify(&[&other], &known), not_ours);
    assert_eq!(verify(&[&old], &known[1..]), Err(CheckpointFault::Note(NoteFault::Unsigned)));
    assert!(matches!(Checkpoint::verify(BODY.as_bytes(), &known), Err(CheckpointFault::Note(NoteFault::Malformed))));
    let mut note = Note::new(format!("{BODY}extension\n")).unwrap();
    note.sign(&old).unwrap();
    assert_eq!(Checkpoint::verify(&note.to_bytes(), &known), Err(CheckpointFault::Malformed));
}

#[test]
fn a_signer_that_fails_leaves_nothing_half_signed() {
    struct Away(SigningKey);
    impl Signer for Away {
        fn key_name(&self) -> &KeyName {
            self.0.key_name()
        }
        fn key_id(&self) -> crate::key::KeyId {
            self.0.key_id()
        }
        fn algorithm(&self) -> crate::key::Algorithm {
            self.0.algorithm()
        }
        fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
            Err(SignError::Unavailable("no answer".into()))
        }
    }
    let (here, away) = (key("ledgerline/acme", 1), Away(key("ledgerline/acme", 2)));
    assert!(matches!(checkpoint().sign(&[&here, &away]), Err(SignError::Unavailable(_))));
}
