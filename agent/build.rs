//! Links the agent for its size: with packed relocations, and without code that nothing calls.
//!
//! A position-independent program carries 24 bytes for every pointer in its data, 0.75 MB of them here; packed (`DT_RELR`) they are
//! 20 kB. The loader of glibc 2.36, of Debian 12, is the first to read them.
//!
//! AES-GCM with AVX-512 is 0.7 MB of the OpenSSL inside SQLCipher, which asks for CBC alone; it comes along because a table names it, and
//! no option of OpenSSL's leaves it out. Here those names stand for the function by which OpenSSL gives up, so whoever did call it would
//! end with a message.

use std::env;

/// Everything that OpenSSL's `crypto/modes/asm/aes-gcm-avx512.pl` defines.
const AES_GCM_AVX512: [&str; 8] = [
    "ossl_vaes_vpclmulqdq_capable",
    "ossl_aes_gcm_init_avx512",
    "ossl_aes_gcm_setiv_avx512",
    "ossl_aes_gcm_update_aad_avx512",
    "ossl_aes_gcm_encrypt_avx512",
    "ossl_aes_gcm_decrypt_avx512",
    "ossl_aes_gcm_finalize_avx512",
    "ossl_gcm_gmult_avx512",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = |part| env::var(format!("CARGO_CFG_TARGET_{part}")).unwrap_or_default();
    if target("OS") == "linux" && target("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
        if target("ARCH") == "x86_64" {
            for name in AES_GCM_AVX512 {
                println!("cargo::rustc-link-arg-bins=-Wl,--defsym={name}=OPENSSL_die");
            }
        }
    }
}
