// What the element says; any of it may be said otherwise.

export const texts = {
  choose: 'Choose a picture',
  replace: 'Change picture',
  hint: 'or drop or paste one here',
  cancel: 'Cancel',
  uploading: 'Uploading',
  done: 'Your picture is saved.',
  cancelled: 'The upload was cancelled.',
  picture: 'Your picture'
}

export type Texts = typeof texts
