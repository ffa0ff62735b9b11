// Reads the case files of tests/cli (format: README.md there). Strict: an unknown section is an
// error, so that a misspelt expectation cannot pass by not being looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace countersign::testing {

struct Exchange {
    std::string method;  ///< get or post
    std::string path;
    std::string answer;  ///< JSON text, or a message when `error` is set
    std::string error;   ///< error code name; empty: it succeeds
};

struct Posted {
    std::string path;
    std::string body;  ///< JSON text
};

struct CliCase {
    std::string name;
    std::string file;
    int line = 0;
    std::vector<std::string> words;
    std::vector<Exchange> exchanges;
    std::vector<Posted> posted;
    std::vector<std::string> keys;
    std::string input;
    std::string look;
    std::optional<std::vector<std::string>> judge;
    int status = 0;
    std::string out;
    std::string err;
};

/// Malformed with file and line when the file does not follow the format.
Result<std::vector<CliCase>> read_cases(const std::string& path);

/// Words of a line as a shell would split it: blanks, '...' and nothing else.
std::vector<std::string> split_words(const std::string& line);

/// Whether text equals the expectation; a line "..." matches any number of lines.
bool matches_lines(const std::string& expected, const std::string& actual);

}  // namespace countersign::testing
