// Strict JSON and its canonical form: what parses has a canonical form that parses to the same
// canonical form again, whatever the bytes.

#include <boost/json.hpp>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "text/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace countersign;
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    const auto value = text::parse_json(document, 1 << 20);
    if (!value.ok()) {
        return 0;
    }
    const auto canonical = text::canonical_json(*value);
    CHECK(canonical.ok());
    const auto again = text::parse_json(*canonical, 8 << 20);
    CHECK(again.ok());
    const auto stable = text::canonical_json(*again);
    CHECK(stable.ok() && *stable == *canonical);
    return 0;
}
