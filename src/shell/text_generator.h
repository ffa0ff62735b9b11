// Sentences of bash that favour its corners, for the differential against bash. Deterministic for a
// seed. Every program that they name is p0 ... p3.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>

namespace countersign::shell {

class TextGenerator {
public:
    explicit TextGenerator(std::uint64_t seed) : random_(seed) {}
    std::string text();
    /// A value that an environment may hold, chosen to hurt who trusts it.
    std::string hostile_value();

private:
    std::size_t pick(std::size_t below) { return random_() % below; }
    std::string one_of(std::initializer_list<const char*> items);
    std::string word(std::size_t depth);
    std::string parameter();
    std::string words(std::size_t depth);
    std::string assignment(std::size_t depth);
    std::string simple(std::size_t depth);
    std::string builtin(std::size_t depth);
    std::string statement(std::size_t depth);
    std::string compound(std::size_t depth);

    std::mt19937_64 random_;
};

}  // namespace countersign::shell
