// Texts and what is known of the commands in them, from tests/shell/facts.test: each case is "### "
// and a title, the text, and a line "=> " for each command (and one that says "incomplete").
//
// A command is its words with "|" between them. An unknown word is <NAME> where it is that
// variable's initial value, with the literal text around it; # a number; ? anything else; a ~
// behind it may split, a {glob} is a pattern. Then what redirections open, and what it reads.
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "shell/shell.h"

namespace countersign::shell {
namespace {

std::string shown(const model::Word& word) {
    if (word.value) {
        return word.glob ? "{" + *word.value + "}" : *word.value;
    }
    std::string out;
    for (const model::WordPiece& piece : word.pieces) {
        out += piece.variable ? "<" + piece.text + ">" : piece.text;
    }
    if (word.pieces.empty()) {
        out = word.number ? "#" : word.known_prefix + "?";
    }
    return out + (word.splits ? "~" : "");
}

std::string shown(const model::InputSource& input) {
    using Kind = model::InputSource::Kind;
    switch (input.kind) {
        case Kind::Inherited:
            return "";
        case Kind::File:
            return "  from file " + shown(input.content);
        case Kind::Pipe:
            return "  from pipe " + std::to_string(input.pipe_from) + " " + shown(input.content);
        case Kind::Text:
            return "  from text " + shown(input.content);
    }
    return "";
}

std::string shown(const model::ResolvedCommand& command) {
    std::string out;
    for (const model::Assignment& assignment : command.assignments) {
        out += assignment.name + "=" + shown(assignment.value) + " ";
    }
    for (std::size_t i = 0; i < command.argv.size(); ++i) {
        out += (i == 0 ? "" : "|") + shown(command.argv[i]);
    }
    using Kind = model::Redirection::Kind;
    for (const model::Redirection& redirection : command.redirections) {
        if (redirection.kind == Kind::Write || redirection.kind == Kind::Append) {
            out += "  to " + shown(redirection.target);
        }
    }
    std::string whole = out + shown(command.input);
    for (std::size_t at = whole.find('\n'); at != std::string::npos; at = whole.find('\n', at)) {
        whole.replace(at, 1, "\\n");
    }
    return whole;
}

struct Case {
    std::string title;
    std::string text;
    std::vector<std::string> expected;
};

std::vector<Case> cases() {
    std::ifstream file(std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/shell/facts.test");
    std::vector<Case> out;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("### ")) {
            out.push_back({line.substr(4), "", {}});
        } else if (line.starts_with("=> ")) {
            out.back().expected.push_back(line.substr(3));
        } else if (!out.empty()) {
            out.back().text += line + "\n";
        }
    }
    return out;
}

TEST(ShellFacts, CasesOfTheDataFile) {
    const std::vector<Case> all = cases();
    ASSERT_GT(all.size(), 10U);
    for (const Case& each : all) {
        Surroundings surroundings;
        surroundings.directory = "/w";
        const model::CommandFacts facts = analyze(each.text, surroundings);
        std::vector<std::string> found;
        if (facts.error) {
            found.push_back("not valid");
        } else if (!facts.complete) {
            found.emplace_back("incomplete");
        }
        for (const model::ResolvedCommand& command : facts.commands) {
            found.push_back(shown(command));
        }
        EXPECT_EQ(found, each.expected) << each.title << "\n" << each.text;
    }
}

}  // namespace
}  // namespace countersign::shell
