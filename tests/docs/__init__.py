"""Every command and example of the README and of docs/ is run here, against the local AWS.

How a page says what is to be done with a block (the words after the language show nowhere):

- ``console``: lines with ``$`` are commands, the others are what they print. ``...`` stands for some text,
  or, alone in a line, for any lines. A command has to succeed, unless ``$ echo $?`` follows it.
- ``console eventually``: again and again until it prints that.
- ``console background``: goes on beside the others until the page ends; the next block waits for its output.
- ``console norun``: needs what is not here (an account, minutes). Commands and options have to exist.
- ``sh``: a script, which has to succeed. ``sh norun`` as above.
- ``yaml file=PATH`` (also ``json``, ``python`` …): is written to that file.
- ``yaml``: a manifest or a configuration; `apollo validate` has to accept it. ``yaml part``: only YAML.
- ``python``: a program, which has to succeed.

``<!-- stage: NAME -->`` at the top of a page says where its commands run; see `stage`.
"""
