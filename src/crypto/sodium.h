// libsodium, initialised. Include this instead of <sodium.h>, in .cc files of crypto/ only.
#pragma once

#include <cstddef>
#include <sodium.h>

#include "base/check.h"

namespace countersign::crypto {

/// Initialises the library on first use; sodium_init() is thread safe and cheap when repeated.
inline void use_sodium() {
    CHECK(sodium_init() >= 0);
}

/// libsodium speaks unsigned char; both views alias the same bytes.
inline unsigned char* raw(std::byte* bytes) {
    return reinterpret_cast<unsigned char*>(bytes);
}
inline const unsigned char* raw(const std::byte* bytes) {
    return reinterpret_cast<const unsigned char*>(bytes);
}
inline const unsigned char* raw(const char* text) {
    return reinterpret_cast<const unsigned char*>(text);
}

}  // namespace countersign::crypto
