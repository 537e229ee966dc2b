// Presigned uploads as tutorials show them: no database, nothing is verified.

import { GetObjectCommand } from '@aws-sdk/client-s3'
import { createPresignedPost } from '@aws-sdk/s3-presigned-post'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import express from 'express'

import { authenticate, Bucket, s3 } from './s3.js'

const app = express()
app.use(express.json())
app.use(authenticate)

const urlOf = (userId) =>
  getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: `avatars/${userId}` }), { expiresIn: 3600 })

app.post('/uploads', async (req, res) => {
  const { contentType, sizeBytes } = req.body
  const post = await createPresignedPost(s3, {
    Bucket,
    Key: `avatars/${req.user.sub}`,
    Conditions: [
      ['content-length-range', 0, sizeBytes],
      ['eq', '$Content-Type', contentType]
    ],
    Fields: { 'Content-Type': contentType },
    Expires: 300
  })
  res.status(201).json(post)
})

app.get('/users/:userId/avatar', async (req, res) => {
  res.json({ url: await urlOf(req.params.userId) })
})

app.get('/avatars', async (req, res) => {
  res.json(await Promise.all([req.query.userId].flat().map(urlOf)))
})

app.listen(process.env.PORT, '127.0.0.1')
