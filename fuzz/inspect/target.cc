// Content as an agent sends and reads it: secrets, observations, inline programs, and findings over
// a text without commands. Whatever the bytes: no crash, spans within the text, redaction removes
// what was found and is stable.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "inspect/inspect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace countersign;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const inspect::Secret& secret : inspect::secrets(text)) {
        CHECK(secret.span.begin < secret.span.end && secret.span.end <= text.size());
    }
    (void)inspect::redact(text);
    (void)inspect::observe(text);
    constexpr std::array<std::string_view, 11> kLanguages = {
        "python", "perl", "ruby", "node", "php", "awk", "sed", "lua", "vim", "jq", "other"};
    for (const std::string_view language : kLanguages) {
        for (const model::Effect& effect : inspect::program_effects(language, text)) {
            CHECK(effect.span.begin <= effect.span.end && effect.span.end <= text.size());
        }
    }
    model::Action action;
    action.text = std::string(text);
    const std::vector<inspect::CommandView> none;
    for (const model::Finding& finding : inspect::findings({&action, &none, nullptr, nullptr})) {
        CHECK(finding.span.end <= text.size());
    }
    return 0;
}
