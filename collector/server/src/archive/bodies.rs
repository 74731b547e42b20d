//! A bundle of bodies: for each leaf of a bundle of leaves whether there is a body, its opening, and the body.
//! Never accepts a byte too many or too few.

/// What is held behind a leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// This kind of leaf has no body.
    None,
    /// Opening and body.
    Body([u8; 32], Vec<u8>),
    /// It was erased before it was archived.
    Erased,
}

/// Writes a bundle; nothing for a body that is too long to say (over 4 GiB).
pub fn encode_bodies<'a>(bodies: impl IntoIterator<Item = &'a Held>) -> Option<Vec<u8>> {
    let mut bundle = Vec::new();
    for held in bodies {
        match held {
            Held::None => bundle.push(0),
            Held::Body(opening, body) => {
                bundle.push(1);
                bundle.extend_from_slice(opening);
                bundle.extend_from_slice(&u32::try_from(body.len()).ok()?.to_be_bytes());
                bundle.extend_from_slice(body);
            }
            Held::Erased => bundle.push(2),
        }
    }
    Some(bundle)
}

/// Reads a bundle of exactly `width` records.
pub fn decode_bodies(bundle: &[u8], width: u16) -> Option<Vec<Held>> {
    let mut rest = bundle;
    let mut bodies = Vec::new();
    for _ in 0..width {
        let (&kind, after) = rest.split_first()?;
        rest = after;
        bodies.push(match kind {
            0 => Held::None,
            1 => {
                let (opening, after) = rest.split_first_chunk::<32>()?;
                let (length, after) = after.split_first_chunk::<4>()?;
                let (body, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                rest = after;
                Held::Body(*opening, body.to_vec())
            }
            2 => Held::Erased,
            _ => return None,
        });
    }
    rest.is_empty().then_some(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundles_come_back_and_nothing_else_is_one() {
        let bodies = [Held::None, Held::Body([7; 32], b"{}".to_vec()), Held::Erased, Held::Body([8; 32], Vec::new())];
        let bundle = encode_bodies(&bodies).unwrap();
        assert_eq!(decode_bodies(&bundle, 4), Some(bodies.to_vec()));
        assert_eq!(decode_bodies(&bundle, 3), None, "a record too many");
        assert_eq!(decode_bodies(&bundle, 5), None, "a record too few");
        for end in 0..bundle.len() {
            assert_eq!(decode_bodies(&bundle[..end], 4), None, "cut at {end}");
        }
        assert_eq!(decode_bodies(&[3], 1), None, "an unknown kind");
    }
}
