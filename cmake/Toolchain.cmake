# Compiler launcher, linker and flags that hold for every target of ours.

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

if(TOLLGATE_SANITIZER)
  add_compile_options(-fsanitize=${TOLLGATE_SANITIZER} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TOLLGATE_SANITIZER})
  # boost::asio's fiber-less coroutines and gRPC's own locks are instrumented as they are.
endif()

if(TOLLGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address)
endif()

# Applied to our targets only (see tg_library), never to generated code.
set(TOLLGATE_WARNINGS -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
    -Werror=unused-result -Werror=return-type)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  list(APPEND TOLLGATE_WARNINGS -Werror=thread-safety -Wthread-safety)
endif()
