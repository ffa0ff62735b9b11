// The request target of the API: whatever is sent, it is taken apart strictly or refused.
#include "api/target.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto target = countersign::api::parse_target(text);
    if (target.ok()) {
        CHECK(!target->segments.empty());
        for (const std::string& segment : target->segments) {
            CHECK(!segment.empty() && segment != "." && segment != "..");
            CHECK(segment.find('\0') == std::string::npos);
        }
    }
    return 0;
}
