"""How the scripts of this directory read their command lines, and how they end."""
import argparse
import signal
import sys


def new_parser(text):
    """Returns a parser whose help is the text at the head of the script, as it stands there."""
    return argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)


def one_of(names, what):
    """Returns a type of arguments: one of these names. What they name goes into the refusal."""
    def name(word):
        if word not in names:
            raise argparse.ArgumentTypeError("there is no %s '%s'; there are %s" % (what, word, ', '.join(names)))
        return word
    return name


def kinds(text):
    """A type of arguments: 'c', 'java' or 'c,java,c' becomes the list of servers."""
    words = text.split(',')
    for word in words:
        if word not in ('c', 'java'):
            raise argparse.ArgumentTypeError("a server is 'c' or 'java', not '%s'" % word)
    return words


def run(main):
    """Ends the script with the status that main() returns. SIGTERM is like Ctrl-C: what main() has started is ended on
    the way out, and the status is 130."""
    def interrupt(number, frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
