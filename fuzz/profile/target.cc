// Profiles of the jail: what is accepted prints to a text that reads as the same, and is stable.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "jail/profile.h"

using namespace countersign;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto profile = jail::parse_profile(text);
    if (!profile.ok()) {
        CHECK(!profile.error().message.empty());
        return 0;
    }
    const std::string printed = jail::print_profile(*profile);
    const auto again = jail::parse_profile(printed);
    CHECK(again.ok() && *again == *profile);
    for (const auto& weakening : jail::weakenings_of(*profile, "/home/a")) {
        CHECK(!weakening.text().empty());
    }
    return 0;
}
