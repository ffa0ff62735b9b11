// SQL of all dialects. The first byte picks the dialect. Whatever the bytes: no crash, no endless
// work, spans within the text, and text with a client's shell line is never called free of effects.

#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "sql/sql.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace countersign;
    if (size == 0) {
        return 0;
    }
    const auto dialect = static_cast<sql::Dialect>(data[0] % 3);
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const sql::SqlFacts facts = sql::analyze(text, dialect);
    bool effects = false;
    for (const sql::Statement& statement : facts.statements) {
        CHECK(statement.span.begin <= statement.span.end && statement.span.end <= text.size());
        effects = effects || !statement.effects.empty();
    }
    CHECK(facts.shell.empty() || effects);
    CHECK(facts.ok || !facts.error.empty());
    return 0;
}
