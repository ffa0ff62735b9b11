// parse: the bash front end alone.
#include <boost/json.hpp>
#include <iostream>
#include <set>

#include "base/limits.h"
#include "bin/countersignd/judge.h"
#include "bin/countersignd/options.h"
#include "shell/shell.h"
#include "sys/files.h"
#include "text/json.h"
#include "text/utf8.h"

namespace countersign::bin {
namespace {

namespace json = boost::json;

/// Scripts of any size are parsed; judging has its own, smaller bound.
constexpr std::size_t kSourceBytesMax = 64 * 1024 * 1024;

json::string text_json(std::string_view text) {
    const std::string valid = text::to_valid_utf8(text);
    return json::string(valid.data(), valid.size());
}

json::value error_json(const model::SyntaxError& error) {
    return json::object{
        {"line", error.line}, {"column", error.column}, {"message", text_json(error.message)}};
}

json::array span_json(model::Span span) {
    return {span.begin, span.end};
}

json::value word_json(const model::Word& word) {
    return word.value ? json::value(text_json(*word.value)) : json::value(nullptr);
}

bool is_plain(const model::Word& word) {
    return word.value && !word.glob;
}

/// What there is to say of a word that is not simply its bytes.
json::object detail_json(const model::Word& word) {
    if (word.value) {
        return {{"glob", true}, {"span", span_json(word.span)}};
    }
    json::array pieces;
    std::set<std::string> names;
    for (const model::WordPiece& piece : word.pieces) {
        pieces.push_back(
            json::object{{piece.variable ? "variable" : "text", text_json(piece.text)}});
        if (piece.variable) {
            names.insert(piece.text);
        }
    }
    json::array unknown;
    for (const std::string& name : names) {
        unknown.push_back(text_json(name));
    }
    return {{"why", text_json(word.why_unknown)},
            {"prefix", text_json(word.known_prefix)},
            {"splits", word.splits},
            {"number", word.number},
            {"unknown", std::move(unknown)},
            {"pieces", std::move(pieces)},
            {"span", span_json(word.span)}};
}

/// A word that is a field of something else: its value, and the detail beside it.
void add_word(json::object& object, const char* name, const model::Word& word) {
    object[name] = word_json(word);
    if (!is_plain(word)) {
        object["word"] = detail_json(word);
    }
}

json::array assignments_json(const std::vector<model::Assignment>& assignments) {
    json::array out;
    for (const model::Assignment& assignment : assignments) {
        json::object entry{{"name", text_json(assignment.name)}, {"append", assignment.append}};
        add_word(entry, "value", assignment.value);
        out.push_back(std::move(entry));
    }
    return out;
}

json::array redirections_json(const std::vector<model::Redirection>& redirections) {
    using Kind = model::Redirection::Kind;
    static constexpr std::pair<Kind, const char*> kNames[] = {
        {Kind::Read, "read"},          {Kind::Write, "write"},
        {Kind::Append, "append"},      {Kind::ReadWrite, "read_write"},
        {Kind::HereText, "here_text"}, {Kind::Duplicate, "duplicate"},
        {Kind::Close, "close"}};
    json::array out;
    for (const model::Redirection& redirection : redirections) {
        json::object entry{{"descriptor", redirection.descriptor},
                           {"span", span_json(redirection.span)}};
        for (const auto& [kind, name] : kNames) {
            if (kind == redirection.kind) {
                entry["kind"] = name;
            }
        }
        if (redirection.kind != Kind::Close) {
            add_word(entry, "target", redirection.target);
        }
        out.push_back(std::move(entry));
    }
    return out;
}

json::object input_json(const model::InputSource& input) {
    using Kind = model::InputSource::Kind;
    json::object out;
    switch (input.kind) {
        case Kind::Inherited:
            return {{"kind", "inherited"}};
        case Kind::File:
            out["kind"] = "file";
            break;
        case Kind::Pipe:
            out["kind"] = "pipe";
            out["from"] = input.pipe_from;
            break;
        case Kind::Text:
            out["kind"] = "text";
            break;
    }
    add_word(out, "content", input.content);
    return out;
}

const char* target_name(model::ResolvedCommand::Target target) {
    using Target = model::ResolvedCommand::Target;
    switch (target) {
        case Target::External:
            return "external";
        case Target::Builtin:
            return "builtin";
        case Target::Function:
            return "function";
        case Target::Unknown:
            break;
    }
    return "unknown";
}

json::value command_json(const model::ResolvedCommand& command) {
    json::array argv;
    json::array details;
    for (const model::Word& word : command.argv) {
        if (!is_plain(word)) {
            json::object detail = detail_json(word);
            detail["index"] = argv.size();
            details.push_back(std::move(detail));
        }
        argv.push_back(word_json(word));
    }
    return json::object{
        {"target", target_name(command.target)},
        {"argv", std::move(argv)},
        {"words", std::move(details)},
        {"assignments", assignments_json(command.assignments)},
        {"inherited_environment", assignments_json(command.inherited_environment)},
        {"redirections", redirections_json(command.redirections)},
        {"directory",
         command.directory ? json::value(text_json(*command.directory)) : json::value(nullptr)},
        {"input", input_json(command.input)},
        {"pipes_to", command.pipes_to ? json::value(*command.pipes_to) : json::value(nullptr)},
        {"conditional", command.conditional},
        {"looped", command.looped},
        {"background", command.background},
        {"substitution", command.substitution},
        {"output_captured", command.output_captured},
        {"span", span_json(command.span)}};
}

json::array definitions_json(const std::vector<model::ShellDefinition>& definitions) {
    json::array out;
    for (const model::ShellDefinition& definition : definitions) {
        out.push_back(json::object{{"name", text_json(definition.name)},
                                   {"body", text_json(definition.body)},
                                   {"span", span_json(definition.span)}});
    }
    return out;
}

json::value facts_json(const model::CommandFacts& facts) {
    if (facts.error) {
        return json::object{{"ok", false}, {"error", error_json(*facts.error)}};
    }
    json::array commands;
    for (const model::ResolvedCommand& command : facts.commands) {
        commands.push_back(command_json(command));
    }
    json::array unresolved;
    for (const model::Unresolved& place : facts.unresolved) {
        unresolved.push_back(json::object{
            {"span", span_json(place.span)},
            {"why", text_json(place.why)},
            {"kind", place.kind == model::Unresolved::Kind::Word ? "word" : "execution"}});
    }
    return json::object{{"ok", true},
                        {"complete", facts.complete},
                        {"commands", std::move(commands)},
                        {"functions", definitions_json(facts.functions)},
                        {"aliases", definitions_json(facts.aliases)},
                        {"unresolved", std::move(unresolved)}};
}

json::value line_answer(const std::optional<std::string>& line) {
    const auto refuse = [](std::string message) -> json::object {
        return {{"ok", false},
                {"error", json::object{{"line", 1}, {"column", 1}, {"message", message}}}};
    };
    if (!line) {
        return refuse("the line is too long");
    }
    auto value = text::parse_json(*line, limits::kRequestBodyBytesMax);
    if (!value.ok() || !value->is_object()) {
        return refuse(value.ok() ? "the line is no object" : value.error().message);
    }
    const json::object& object = value->get_object();
    const json::value* src = object.if_contains("src");
    const json::value* id = object.if_contains("id");
    json::object answer;
    if (src == nullptr || !src->is_string()) {
        answer = refuse("src is missing");
    } else {
        const shell::ParseOutcome outcome = shell::parse(src->get_string());
        if (outcome.ok()) {
            answer = {{"ok", true}};
        } else {
            answer = {{"ok", false}, {"error", error_json(outcome.error)}};
        }
    }
    answer["id"] = id != nullptr ? *id : json::value(nullptr);
    return answer;
}

int parse_lines() {
    std::ios::sync_with_stdio(false);
    each_line([](const std::optional<std::string>& line) {
        if (line && line->empty()) {
            return true;
        }
        std::cout << json::serialize(line_answer(line)) << '\n';
        return std::cout.good();
    });
    std::cout.flush();
    return std::cout.good() ? 0 : kExitError;
}

Result<std::string> source_of(const std::string& file) {
    if (file != "-") {
        return sys::read_file(file, kSourceBytesMax);
    }
    sys::Fd standard_input(0);
    auto text = sys::read_to_end(standard_input, kSourceBytesMax);
    // The process's own; it stays open.
    static_cast<void>(standard_input.release());
    return text;
}

int parse_file(const std::string& file, bool print, bool as_json) {
    auto source = source_of(file);
    if (!source.ok()) {
        return report("parse", source.error());
    }
    const shell::ParseOutcome outcome = shell::parse(*source);
    if (as_json) {
        std::cout << json::serialize(facts_json(shell::analyze(*source, {}))) << "\n";
    } else if (outcome.ok() && print) {
        std::cout << shell::print(outcome.parsed->tree());
    }
    if (!outcome.ok()) {
        std::cerr << file << ":" << outcome.error.line << ":" << outcome.error.column << ": "
                  << text::visible(outcome.error.message) << "\n";
    }
    return outcome.ok() ? 0 : 1;
}

}  // namespace

int judge_parse(const Words& words) {
    bool print = false;
    bool as_json = false;
    bool lines = false;
    std::string file;
    CLI::App app("Parses bash without running it: exit 0 valid, 1 not.", "countersign parse");
    app.add_flag("--print", print, "print canonical source");
    app.add_flag("--json", as_json, "print the commands that it would run");
    app.add_flag("--jsonl", lines, R"({"id":1,"src":"..."} per line of stdin)");
    app.add_option("file", file, "a file, or - for stdin");
    if (const auto status = parse_words(app, words)) {
        return *status;
    }
    if (lines != file.empty() || (print && as_json)) {
        std::cerr << "countersign: parse: FILE or --jsonl, and one of --print and --json\n";
        return kExitUsage;
    }
    return lines ? parse_lines() : parse_file(file, print, as_json);
}

}  // namespace countersign::bin
