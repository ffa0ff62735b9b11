// Any bytes: the parser and the resolver end, and what is printed parses to the same tree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shell/shell.h"
#include "shell/tree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace countersign;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    shell::Surroundings surroundings;
    surroundings.directory = "/w";
    surroundings.home = "/h";
    static_cast<void>(shell::analyze(text, surroundings));
    surroundings.dialect = shell::Dialect::Posix;
    static_cast<void>(shell::analyze(text, surroundings));
    const shell::ParseOutcome first = shell::parse(text);
    if (first.ok()) {
        const shell::ParseOutcome second = shell::parse(shell::print(first.parsed->tree()));
        // A program that prints something else than it read would show a person another command.
        if (!second.ok() || !shell::trees_equal(first.parsed->tree(), second.parsed->tree())) {
            std::abort();
        }
    }
    return 0;
}
