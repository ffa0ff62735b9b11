#include "case_file.h"

#include <algorithm>

#include "sys/files.h"
#include "text/number.h"

namespace countersign::testing {
namespace {

constexpr std::size_t kFileBytesMax = 1024 * 1024;

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

/// "get /v1/status" -> {"get", "/v1/status"}
std::pair<std::string, std::string> first_word(const std::string& text) {
    const auto space = text.find(' ');
    return {text.substr(0, space), space == std::string::npos ? "" : text.substr(space + 1)};
}

/// The directory of a case file's data.
std::string data_path(const std::string& file, const std::string& name) {
    const auto slash = file.rfind('/');
    return file.substr(0, slash) + "/data/" + name + ".json";
}

Result<std::string> json_text(const std::string& file, const std::string& body) {
    if (!body.starts_with('@')) {
        return body;
    }
    return sys::read_file(data_path(file, body.substr(1, body.find('\n') - 1)), kFileBytesMax);
}

Result<void> take_exchange(CliCase& into, const std::string& header, const std::string& body) {
    auto [kind, rest] = first_word(header);
    Exchange exchange;
    if (kind == "fail") {
        const auto [method, after] = first_word(rest);
        const auto space = after.rfind(' ');
        exchange = {method, after.substr(0, space), body.substr(0, body.find('\n')),
                    after.substr(space + 1)};
    } else {
        exchange.method = kind;
        exchange.path = rest;
        exchange.answer = TRY(json_text(into.file, body));
    }
    into.exchanges.push_back(std::move(exchange));
    return {};
}

Result<void> take_section(CliCase& into, const std::string& header, const std::string& body) {
    const auto [kind, rest] = first_word(header);
    const std::string first_line = body.substr(0, body.find('\n'));
    if (kind == "get" || kind == "post" || kind == "fail") {
        return take_exchange(into, header, body);
    }
    if (kind == "run") {
        into.words = split_words(first_line);
    } else if (kind == "posted") {
        std::string text = TRY(json_text(into.file, body));
        into.posted.push_back({rest, std::move(text)});
    } else if (kind == "key") {
        into.keys.push_back(rest);
    } else if (kind == "stdin") {
        into.input = body;
    } else if (kind == "look") {
        into.look = rest;
    } else if (kind == "judge") {
        into.judge = split_words(rest);
    } else if (kind == "status") {
        into.status = static_cast<int>(text::parse_integer(first_line, 0, 255).value_or(-1));
    } else if (kind == "stdout") {
        into.out = body;
    } else if (kind == "stderr") {
        into.err = body;
    } else {
        return Error(ErrorCode::Malformed, "unknown section \"" + header + "\"");
    }
    return {};
}

/// Whether an empty line for the eye follows a section.
enum class Layout { Spaced, Tight };

bool match_from(const std::vector<std::string>& expected, std::size_t e,
                const std::vector<std::string>& actual, std::size_t a) {
    for (; e < expected.size(); ++e, ++a) {
        if (expected[e] == "...") {
            for (std::size_t skip = a; skip <= actual.size(); ++skip) {
                if (match_from(expected, e + 1, actual, skip)) {
                    return true;
                }
            }
            return false;
        }
        if (a >= actual.size() || actual[a] != expected[e]) {
            return false;
        }
    }
    return a == actual.size();
}

}  // namespace

std::vector<std::string> split_words(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false;
    bool any = false;
    for (const char c : line) {
        if (c == '\'') {
            quoted = !quoted;
            any = true;
        } else if (c == ' ' && !quoted) {
            if (any) {
                words.push_back(std::move(word));
                word.clear();
            }
            any = false;
        } else {
            word.push_back(c);
            any = true;
        }
    }
    if (any) {
        words.push_back(std::move(word));
    }
    return words;
}

bool matches_lines(const std::string& expected, const std::string& actual) {
    if (expected == actual) {
        return true;
    }
    return match_from(lines_of(expected), 0, lines_of(actual), 0);
}

Result<std::vector<CliCase>> read_cases(const std::string& path) {
    const std::string text = TRY(sys::read_file(path, kFileBytesMax));
    std::vector<CliCase> cases;
    std::string header;
    std::string body;
    int number = 0;
    const auto close_section = [&](Layout layout) -> Result<void> {
        if (header.empty()) {
            return {};
        }
        // The empty line before the next case belongs to the file's layout.
        if (layout == Layout::Spaced && (body.ends_with("\n\n") || body == "\n")) {
            body.pop_back();
        }
        auto taken = take_section(cases.back(), header, body);
        header.clear();
        body.clear();
        if (!taken.ok()) {
            return taken.take_error().with_context(path + ":" + std::to_string(number));
        }
        return {};
    };
    for (const std::string& line : lines_of(text)) {
        ++number;
        if (line.starts_with("=== ")) {
            TRY(close_section(Layout::Spaced));
            CliCase next;
            next.name = line.substr(4);
            next.file = path;
            next.line = number;
            cases.push_back(std::move(next));
        } else if (line.starts_with("--- ") && !cases.empty()) {
            TRY(close_section(Layout::Tight));
            header = line.substr(4);
        } else if (!header.empty()) {
            body += line + "\n";
        } else if (!line.empty() && !line.starts_with('#')) {
            return Error(ErrorCode::Malformed,
                         path + ":" + std::to_string(number) + ": text outside of a section");
        }
    }
    TRY(close_section(Layout::Tight));
    return cases;
}

}  // namespace countersign::testing
