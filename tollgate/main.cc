#include <iostream>
#include <string>
#include <vector>

#include "tollgate/cli/app.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return tollgate::cli::RunApp(arguments, std::cin, std::cout, std::cerr);
}
