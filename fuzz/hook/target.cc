// Events of Claude Code's hook, whose tool_input the agent writes: read or refused, and an answer
// that quotes any of it stays one line of JSON.
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "doors/hook/claude_code.h"
#include "text/json.h"

using namespace countersign;
using namespace countersign::doors;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view document(reinterpret_cast<const char*>(data), size);
    const auto event = hook::read_event(document);
    if (!event.ok()) {
        return 0;
    }
    CHECK(event->kind == hook::EventKind::Other || event->directory.starts_with('/'));
    const std::string answer = hook::permission_json(hook::Permission::Deny, event->action.text);
    CHECK(answer.find('\n') == std::string::npos || answer.find('\n') == answer.size() - 1);
    CHECK(text::parse_json(answer, 16 << 20).ok());
    return 0;
}
