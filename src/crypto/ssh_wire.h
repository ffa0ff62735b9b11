// The building blocks of SSH's binary formats (RFC 4251 section 5) and of their armor. Internal to
// crypto/. Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace countersign::crypto {

/// Appends a 32-bit big-endian number.
void put_u32(std::string& out, std::uint32_t number);
/// Appends a length and the bytes.
void put_string(std::string& out, std::string_view bytes);

/// Reads front to back. The first failure sticks; ask ok() or finished() at the end.
class WireReader {
public:
    explicit WireReader(std::string_view bytes) : rest_(bytes) {}
    std::uint32_t u32();
    std::string_view string();
    /// True when the bytes start with exactly `expected`, which are consumed.
    bool literal(std::string_view expected);
    [[nodiscard]] std::string_view rest() const { return rest_; }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// "-----BEGIN <label>-----", base64 in lines of 70 columns, "-----END <label>-----", newline.
std::string armor(std::string_view label, std::string_view bytes);
/// Undoes armor(). Lines of 1 to 76 columns are accepted (other writers break them elsewhere), a
/// final newline may be missing; nothing may stand before or behind. nullopt otherwise.
std::optional<std::string> unarmor(std::string_view label, std::string_view text);

}  // namespace countersign::crypto
