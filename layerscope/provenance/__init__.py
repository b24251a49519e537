"""Where content came from, and with which evidence, in steps that follow each other.

- ``attestation`` reads the provenance that the build attached to the image;
- ``dockerfile_origins`` finds the line and the source of each instruction, by that or the user's Dockerfile, as values
  of ``origins``;
- ``base_image`` finds where the base ends;
- ``trace`` gives each version of the image its stage, by these origins;
- ``builder_images`` adds the images of build stages, whose files ``comparison`` compares.
"""
